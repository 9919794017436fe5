/**
 * SHA-256 (FIPS 180-4) of a text in UTF-8, as 64 hexadecimal digits. Node's own is not there in a browser, and a browser's own
 * is not there outside secure pages and answers later only.
 */
export const sha256 = (text: string): string => {
  const bytes = new TextEncoder().encode(text)
  const blocks = Math.ceil((bytes.length + 9) / 64)
  const message = new DataView(new ArrayBuffer(64 * blocks))
  new Uint8Array(message.buffer).set(bytes)
  message.setUint8(bytes.length, 0x80)
  message.setBigUint64(64 * blocks - 8, BigInt(bytes.length) * 8n)

  const hash = Int32Array.from(initial)
  const schedule = new Int32Array(64)
  for (let block = 0; block < blocks; block++) {
    for (let k = 0; k < 16; k++) schedule[k] = message.getInt32(64 * block + 4 * k)
    for (let k = 16; k < 64; k++) {
      const [early, late] = [schedule[k - 15]!, schedule[k - 2]!]
      const small0 = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3)
      const small1 = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10)
      schedule[k] = schedule[k - 16]! + small0 + schedule[k - 7]! + small1
    }
    let [a, b, c, d, e, f, g, h] = hash as unknown as [number, number, number, number, number, number, number, number]
    for (let k = 0; k < 64; k++) {
      const large1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      const first = (h + large1 + ((e & f) ^ (~e & g)) + constants[k]! + schedule[k]!) | 0
      const large0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
      const second = (large0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + first) | 0
      d = c
      c = b
      b = a
      a = (first + second) | 0
    }
    for (const [k, value] of [a, b, c, d, e, f, g, h].entries()) hash[k] = hash[k]! + value
  }
  return [...hash].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

const rotated = (word: number, places: number): number => (word >>> places) | (word << (32 - places))

/** The first 64 primes, from whose square and cube roots the constants of the standard come. */
const primes = Array.from({ length: 312 }, (_, n) => n).filter(
  (n) => n > 1 && Array.from({ length: n }, (_, d) => d).every((d) => d < 2 || n % d > 0),
)
/** The first 32 bits behind the point of the `degree`-th root of a prime: exact, by search over integers. */
const rootBits = (prime: number, degree: 2 | 3): number => {
  const scaled = BigInt(prime) << BigInt(32 * degree)
  let [low, high] = [0n, 1n << 40n]
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (middle ** BigInt(degree) <= scaled) low = middle
    else high = middle
  }
  return Number(BigInt.asIntN(32, low))
}
const initial = primes.slice(0, 8).map((prime) => rootBits(prime, 2))
const constants = primes.map((prime) => rootBits(prime, 3))
