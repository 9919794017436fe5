import { integerFormat, integerWidths } from './integer.js';
export { integerFormat, integerWidths } from './integer.js';
const integers = [true, false].flatMap((signed) => Array.from({ length: integerWidths.most - integerWidths.least + 1 }, (_, index) => integerFormat(integerWidths.least + index, signed)));
const byId = new Map(integers.map((format) => [format.id, format]));
/** Every named format, as `bitloom list formats` prints it. */
export const formats = integers.map(({ id, summary, source }) => ({ id, summary, source }));
/** The format of that name, or undefined. */
export const formatOf = (id) => byId.get(id);
/** The integer format of that name; another name is a RangeError that says which there are. */
export const integerFormatOf = (id) => {
    const format = byId.get(id);
    if (format?.kind !== 'integer')
        throw new RangeError(`there is no integer format '${id}'; there are int${integerWidths.least} to int${integerWidths.most} and uint${integerWidths.least} to uint${integerWidths.most}`);
    return format;
};
