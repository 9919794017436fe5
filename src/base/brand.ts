/**
 * Two copies of the package in one program have two of every class, and an object of the one is no `instanceof` of the
 * other's. Classes whose objects users pass about are told by a brand instead, a property that all copies share.
 */
export const hasBrand = (value: unknown, brand: symbol): boolean =>
  typeof value === 'object' && value !== null && brand in value

/** Makes `instanceof` of this class, not of those derived from it, ask the test. */
export const instancesAre = (type: object, test: (value: unknown) => boolean): void => {
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: unknown, value: unknown) {
      return this === type ? test(value) : Function.prototype[Symbol.hasInstance].call(this, value)
    },
  })
}
