/**
 * What mapping, timing and energy need to know of a standard-cell library: plain data, whoever it comes from. Delay is
 * a tagged form so that table models can stand beside the linear one.
 */
/** The cells of a library by name. */
export const cellsByName = (library) => new Map(library.cells.map((cell) => [cell.name, cell]));
