export const blocksOf = (markdown) => {
    const blocks = [];
    const lines = markdown.split('\n');
    for (let k = 0; k < lines.length; k++) {
        const language = /^```(\w+)$/.exec(lines[k])?.[1];
        if (language === undefined)
            continue;
        const end = lines.indexOf('```', k + 1);
        if (end < 0)
            throw new Error(`the block opened in line ${k + 1} never ends`);
        blocks.push({ language, text: `${lines.slice(k + 1, end).join('\n')}\n`, line: k + 1 });
        k = end;
    }
    return blocks;
};
/** The examples of a page; a block counts as printed where nothing but blank lines and one sentence stand between. */
export const examplesOf = (markdown) => {
    const blocks = blocksOf(markdown);
    const lines = markdown.split('\n');
    return blocks.flatMap((block, k) => {
        if (block.language !== 'ts')
            return [];
        const next = blocks[k + 1];
        const between = next ? lines.slice(block.line + block.text.split('\n').length, next.line - 1) : [];
        const follows = next && ['text', 'verilog'].includes(next.language) && !between.some((line) => line.startsWith('#'));
        return [{ line: block.line, code: block.text, prints: follows ? next.text : undefined }];
    });
};
