/** Template of HTML: texts and numbers are escaped, markup and lists of it stand as they are, undefined is nothing. */
export const html = (strings, ...pieces) => ({
    markup: strings.map((part, index) => part + rendered(pieces[index])).join(''),
});
const rendered = (piece) => {
    if (piece === undefined)
        return '';
    if (typeof piece === 'string')
        return escaped(piece);
    if (typeof piece === 'number')
        return String(piece);
    return 'markup' in piece ? piece.markup : piece.map((part) => part.markup).join('');
};
const entities = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
};
/** Text for element content and quoted attributes; control characters other than tab and newline become U+FFFD. */
export const escaped = (text) => text
    .replace(/[\p{Cc}\p{Cs}]/gu, (character) => (character === '\n' || character === '\t' ? character : '\ufffd'))
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');
/** A script element of code that we wrote or that a library brings; its content is `scriptText(code)`. */
export const script = (code) => ({ markup: `<script>${scriptText(code)}</script>` });
/** Code as it stands inside a script element: nothing in it can end the element. */
export const scriptText = (code) => code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
/** JSON as a data block that no text inside it can end, for `JSON.parse(element.textContent)`. */
export const jsonBlock = (id, value) => ({
    markup: `<script type="application/json" id="${escaped(id)}">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`,
});
