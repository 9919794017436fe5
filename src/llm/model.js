/** Width of one attention head. */
export const headSizeOf = (config) => config.dimension / config.heads;
/** Width of the keys (and of the values) of one token over all key-value heads. */
export const keyValueWidthOf = (config) => headSizeOf(config) * config.keyValueHeads;
/** All linear layers in the order in which a forward pass uses them, the classifier last. */
export const linearLayersOf = (model) => [
    ...model.layers.flatMap(({ query, key, value, output, gate, up, down }) => [
        query,
        key,
        value,
        output,
        gate,
        up,
        down,
    ]),
    model.classifier,
];
/** Number of trained parameters; a shared classifier counts once. */
export const parameterCountOf = (model) => {
    const matrices = linearLayersOf(model).reduce((sum, { data }) => sum + data.length, 0);
    const embedding = model.config.sharedClassifier ? 0 : model.embedding.length;
    return matrices + embedding + (2 * model.config.layers + 1) * model.config.dimension;
};
