import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomModel } from '../../src/llm/random-model.js';
/** 256 byte tokens after the three control tokens, and nothing else: every text can be written. */
const vocabulary = 259;
const config = {
    dimension: 32,
    hidden: 44,
    layers: 2,
    heads: 4,
    keyValueHeads: 2,
    vocabulary,
    sequence: 32,
    sharedClassifier: true,
};
/** Writes a seeded random checkpoint (grouped-query attention, ragged groups) and its byte tokenizer into a folder. */
export const writeTinyModel = (folder, seed) => {
    const random = randomModel(config, seed);
    const header = Int32Array.of(32, 44, 2, 4, 2, vocabulary, 32);
    const of = (pick) => random.layers.map(pick);
    const half = config.dimension / config.heads / 2;
    const parts = [
        header,
        random.embedding,
        ...of((layer) => layer.attentionNorm),
        ...of((layer) => layer.query.data),
        ...of((layer) => layer.key.data),
        ...of((layer) => layer.value.data),
        ...of((layer) => layer.output.data),
        ...of((layer) => layer.feedForwardNorm),
        ...of((layer) => layer.gate.data),
        ...of((layer) => layer.down.data),
        ...of((layer) => layer.up.data),
        random.finalNorm,
        // Old rotary tables that no reader uses: two of sequence x half a head.
        new Float32Array(2 * config.sequence * half),
    ];
    const model = join(folder, 'tiny.bin');
    const bytes = (part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    writeFileSync(model, Buffer.concat(parts.map(bytes)));
    const texts = [
        '<unk>',
        '\n<s>\n',
        '\n</s>\n',
        ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
    ];
    const entries = texts.map((text) => {
        const head = Buffer.alloc(8);
        head.writeInt32LE(Buffer.byteLength(text), 4);
        return Buffer.concat([head, Buffer.from(text)]);
    });
    const longest = Buffer.alloc(4);
    longest.writeInt32LE(7);
    const tokenizer = join(folder, 'tokenizer.bin');
    writeFileSync(tokenizer, Buffer.concat([longest, ...entries]));
    return { model, tokenizer };
};
