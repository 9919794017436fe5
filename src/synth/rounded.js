/** A figure as it leaves this folder: four decimals, so that the noise of sums in floating point does not show. */
export const rounded = (value) => Math.round(value * 1e4) / 1e4;
