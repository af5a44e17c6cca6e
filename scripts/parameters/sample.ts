type Fields = Readonly<Record<string, unknown>>;

/** How one parameter is tried. Its name is that of its row up to a colon, unless `name` says another. */
export interface Sample {
  readonly name?: string;
  readonly value?: unknown;
  /** Merged over the body instead of `value`. */
  readonly body?: Fields;
  /** Stands in the body it is compared with too. */
  readonly with?: Fields;
  /** What it means where the provider is sent the same. */
  readonly unchanged?: string;
}
/** A provider, or one of its families of models. */
export type Column = readonly [title: string, instance: string, model: string];
/** The parameters of one surface. */
export interface ParameterTable {
  readonly title: string;
  path(instance: string, model: string): string;
  base(model: string): Fields;
  /** Where they are not those of conversations. */
  readonly columns?: readonly Column[];
  readonly samples: Readonly<Record<string, Sample>>;
}

/** A row for each member of one object of the body. */
export const within = (name: string, members: Fields): Readonly<Record<string, Sample>> =>
  Object.fromEntries(Object.entries(members).map(([member, value]) => [`${name}.${member}`, { name, value: { [member]: value } }]));
/** Columns of embeddings. */
export const EMBEDDERS: readonly Column[] = [
  ['OpenAI', 'openai', 'text-embedding-3-small'],
  ['Azure', 'azure', 'text-embedding-3-small'],
  ['Bedrock, Titan', 'bedrock', 'amazon.titan-embed-text-v2:0'],
  ['Bedrock, Nova', 'bedrock', 'amazon.nova-2-multimodal-embeddings-v1:0'],
  ['Bedrock, Cohere', 'bedrock', 'cohere.embed-v4:0'],
  ['Vertex, predict', 'vertex', 'text-embedding-005'],
  ['Vertex, Gemini', 'vertex', 'gemini-embedding-2'],
  ['watsonx', 'watsonx', 'ibm/slate-125m-english-rtrvr-v2'],
  ['OCI, Cohere', 'oci', 'cohere.embed-v4.0'],
];
