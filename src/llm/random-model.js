import { headSizeOf, keyValueWidthOf } from './model.js';
import { createRandom, normal } from './random.js';
/** A model of any shape with seeded random weights of the usual spread: it talks nonsense, but at the right sizes. */
export const randomModel = (config, seed) => {
    checkShape(config);
    const { dimension, hidden, layers, vocabulary } = config;
    const random = createRandom(seed);
    const fill = (count, deviation, mean = 0) => Float32Array.from({ length: count }, () => mean + deviation * normal(random));
    const matrix = (name, outputs, inputs) => ({
        name,
        outputs,
        inputs,
        data: fill(outputs * inputs, 1 / Math.sqrt(inputs)),
    });
    const norm = () => fill(dimension, 0.1, 1);
    const keyValueWidth = keyValueWidthOf(config);
    const embedding = fill(vocabulary * dimension, 1 / Math.sqrt(dimension));
    return {
        name: `random-${seed}`,
        config,
        embedding,
        layers: Array.from({ length: layers }, (_, index) => ({
            attentionNorm: norm(),
            query: matrix(`layers.${index}.query`, dimension, dimension),
            key: matrix(`layers.${index}.key`, keyValueWidth, dimension),
            value: matrix(`layers.${index}.value`, keyValueWidth, dimension),
            output: matrix(`layers.${index}.output`, dimension, dimension),
            feedForwardNorm: norm(),
            gate: matrix(`layers.${index}.gate`, hidden, dimension),
            down: matrix(`layers.${index}.down`, dimension, hidden),
            up: matrix(`layers.${index}.up`, hidden, dimension),
        })),
        finalNorm: norm(),
        classifier: config.sharedClassifier
            ? { name: 'classifier', outputs: vocabulary, inputs: dimension, data: embedding }
            : matrix('classifier', vocabulary, dimension),
    };
};
const checkShape = (config) => {
    const headSize = headSizeOf(config);
    if (!Number.isInteger(headSize) || headSize % 2 !== 0 || config.heads % config.keyValueHeads !== 0)
        throw new RangeError(`dimension ${config.dimension} must be an even multiple of ${config.heads} heads, and these a multiple of ${config.keyValueHeads} key-value heads`);
};
