/** A page with tables between its marks `<!-- table: name -->` and `<!-- end of table -->`; every table has its place. */
export const withTablesOf = (page: string, tables: Readonly<Record<string, string>>): string =>
  Object.entries(tables).reduce((text, [name, content]) => {
    const [from, to] = [`<!-- table: ${name} -->\n`, '<!-- end of table -->']
    const start = text.indexOf(from)
    const end = text.indexOf(to, start)
    if (start < 0 || end < 0) throw new Error(`the page has no place for the table ${name}`)
    return `${text.slice(0, start)}${from}\n${content}\n\n${text.slice(end)}`
  }, page)
