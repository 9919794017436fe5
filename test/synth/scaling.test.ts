import { expect, test } from 'vitest'
import { areaAt28, areaScale, energyAt28, energyScale } from '../../src/synth/scaling.ts'

/** Node, supply, area over 45 nm, energy over 45 nm at 1.1 V and at 0.9 V, as ../shared/reference/area-energy.md section 6 has them. */
test.each([
  [130, 1.2, 6.4, 4.27, 6.13],
  [65, 1.0, 1.5, 1.1, 1.58],
  [45, 0.9, 1, 0.696, 1],
  [32, 0.9, 0.46, 0.446, 0.641],
  [28, 0.9, 0.377, 0.353, 0.507],
  [28, 0.8, 0.377, 0.293, 0.421],
  [22, 0.8, 0.252, 0.168, 0.241],
  [16, 0.8, 0.19, 0.099, 0.142],
  [14, 0.8, 0.17, 0.079, 0.114],
  [7, 0.7, 0.059, 0.039, 0.057],
])('to %i nm at %d V: area %d, energy %d from 1.1 V and %d from 0.9 V', (node_nm, voltage_V, area, from11, from09) => {
  const to = { node_nm, voltage_V }
  expect(areaScale(45, node_nm) / area).toBeCloseTo(1, 2)
  expect(energyScale({ node_nm: 45, voltage_V: 1.1 }, to) / from11).toBeCloseTo(1, 1)
  expect(energyScale({ node_nm: 45, voltage_V: 0.9 }, to) / from09).toBeCloseTo(1, 1)
})

test('40 nm lies between 45 and 32, and the way back undoes the way there', () => {
  expect(areaScale(45, 40)).toBeCloseTo(0.792, 3)
  expect(areaScale(40, 45) * areaScale(45, 40)).toBeCloseTo(1, 12)
  const [a, b] = [
    { node_nm: 130, voltage_V: 1.2 },
    { node_nm: 28, voltage_V: 0.9 },
  ]
  expect(energyScale(a, b) * energyScale(b, a)).toBeCloseTo(1, 12)
})

test('at 28 nm an area is sure to 45 %, an energy to 2.8 times', () => {
  const at45 = { node_nm: 45, voltage_V: 1.1 }
  const area = areaAt28(1000, at45)
  expect([area.value, area.low, area.high].map(Math.round)).toEqual([377, 207, 546])
  const { value, low, high } = energyAt28(2, at45)
  expect(value).toBeCloseTo(2 * 0.3526, 3)
  expect(low).toBeCloseTo(value / 2.8, 9)
  expect(high).toBeCloseTo(value * 2.8, 9)
})

test('a node outside the tables is refused', () => {
  for (const node of [180, 5, Number.NaN])
    expect(() => areaScale(45, node)).toThrow(expect.objectContaining({ name: 'UserError', code: 'E-NODE' }))
})
