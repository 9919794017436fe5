const steps = [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
];
/** A whole number with commas, `1,234,567`; the same on every machine, whatever its language. */
export const grouped = (value) => {
    const [whole = '', fraction] = String(Math.abs(value)).split('.');
    const sign = value < 0 ? '-' : '';
    if (whole.includes('e'))
        return String(value);
    return sign + whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`);
};
/** Three significant digits without an exponent where it stays readable: `0.0123`, `12.3`, `1,230`. */
export const digits = (value, significant = 3) => {
    if (value === 0)
        return '0';
    const size = Math.abs(value);
    if (size < 1e-4 || size >= 1e15)
        return value.toExponential(significant - 1);
    const decimals = Math.max(0, significant - 1 - Math.floor(Math.log10(size)));
    return grouped(Number(value.toFixed(Math.min(decimals, 12))));
};
/** A count with a decimal prefix, `1.23 G`; below 10,000 it is written out, `9,999`. */
export const short = (value) => {
    const step = Math.abs(value) < 10_000 ? undefined : steps.find(([size]) => Math.abs(value) >= size);
    return step ? `${digits(value / step[0])} ${step[1]}` : Number.isInteger(value) ? grouped(value) : digits(value);
};
/** A share from 0 to 1 as per cent, `87.5 %`. */
export const percent = (value) => `${digits(value * 100)} %`;
