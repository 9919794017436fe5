/** HTML that is safe to put into a page; only `html` makes it, so text of a user can never become markup. */
export interface Markup {
  readonly markup: string
}

type Piece = string | number | Markup | readonly Markup[] | undefined

/** Template of HTML: texts and numbers are escaped, markup and lists of it stand as they are, undefined is nothing. */
export const html = (strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup => ({
  markup: strings.map((part, index) => part + rendered(pieces[index])).join(''),
})

const rendered = (piece: Piece): string => {
  if (piece === undefined) return ''
  if (typeof piece === 'string') return escaped(piece)
  if (typeof piece === 'number') return String(piece)
  return 'markup' in piece ? piece.markup : piece.map((part) => part.markup).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text for element content and quoted attributes; control characters other than tab and newline become U+FFFD. */
export const escaped = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cs}]/gu, (character) => (character === '\n' || character === '\t' ? character : '\ufffd'))
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')

/** A script element of code that we wrote or that a library brings; its content is `scriptText(code)`. */
export const script = (code: string): Markup => ({ markup: `<script>${scriptText(code)}</script>` })

/** Code as it stands inside a script element: nothing in it can end the element. */
export const scriptText = (code: string): string =>
  code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')

/** JSON as a data block that no text inside it can end, for `JSON.parse(element.textContent)`. */
export const jsonBlock = (id: string, value: unknown): Markup => ({
  markup: `<script type="application/json" id="${escaped(id)}">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`,
})
