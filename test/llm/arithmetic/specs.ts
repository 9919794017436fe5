/** PEs of each family that has an output-stationary array, one for each way that its arithmetic goes. */
export const arraySpecs: Readonly<Record<string, readonly string[]>> = {
  mac: ['mac', 'mac(w=int4, a=int8)', 'mac(w=int16, a=int16, acc=48)'],
  mixpe: [
    'mixpe',
    'mixpe(w=int8)',
    'mixpe(w=int3, weights=symmetric, compute=serial)',
    'mixpe(a=fp16)',
    'mixpe(w=int8, a=fp16, weights=asymmetric)',
    'mixpe(a=fp16, acc=exact)',
    'mixpe(w=int8, a=fp16, acc=exact, weights=asymmetric)',
    'mixpe(a=fp16, acc=aligned)',
    'mixpe(w=int8, a=fp16, acc=aligned, bits=24)',
  ],
  figna: ['figna', 'figna(w=int4, bits=6)'],
  bitfusion: ['bitfusion', 'bitfusion(w=uint4, a=uint8)', 'bitfusion(w=int2, a=uint2)'],
  ant: ['ant', 'ant(w=int4, a=int8)'],
  olive: ['olive', 'olive(w=olive(flint4), a=olive(int4))'],
  fmac: [
    'fmac',
    'fmac(acc=fp16)',
    'fmac(acc=fp16, rounding=separate, subnormals=flushed)',
    'fmac(format=bf16)',
    'fmac(format=bf16, subnormals=flushed)',
    'fmac(format=bf16, acc=bf16)',
    'fmac(format=bf16, acc=bf16, rounding=separate, subnormals=flushed)',
    'fmac(format=e5m2, acc=bf16)',
    'fmac(format=e4m3, acc=fp16, rounding=separate)',
  ],
  posit: ['posit', 'posit(format=posit(4,1))', 'posit(format=posit(16,1))'],
  xrnpe: [
    'xrnpe',
    'xrnpe(mode=fp4)',
    'xrnpe(mode=posit(4,1))',
    'xrnpe(mode=posit(16,1))',
    'xrnpe(mode=fp4, result=posit(16,1))',
    'xrnpe(mode=posit(4,1), lanes=separate)',
    'xrnpe(mode=posit(16,1), result=quire)',
    'xrnpe(mode=posit(8,0), lanes=separate, result=quire)',
    'xrnpe(mode=fp4, packing=lanes_16_4_1)',
  ],
}

/** The same of BitMoD's tile. */
export const tileSpecs = [
  'bitmod(group=1024)',
  'bitmod(w=fp3)',
  'bitmod(w=int6)',
  'bitmod(w=int8, significance=shift, inputs=local)',
  'bitmod(w=fp4, inputs=aligned)',
  'bitmod(w=fp4, inputs=aligned, lanes=16, guard=8)',
  'bitmod(w=int5, inputs=aligned, significance=shift, lanes=16, guard=8)',
  'bitmod(w=fp4, lanes=3, guard=0, magnitude=10)',
  'bitmod(w=int8, lanes=1, guard=8, magnitude=24)',
  'bitmod(w=fp4, magnitude=16, guard=5, lanes=8)',
]

/** Dot products of each family. */
export const wanted = Number(process.env.BITLOOM_DOTS ?? 100_000)
