export const silent = { start() { }, update() { }, stop() { }, say() { } };
