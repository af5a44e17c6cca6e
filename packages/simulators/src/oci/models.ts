export type Format = 'GENERIC' | 'COHERE' | 'COHEREV2';
export type Model = {
  readonly id: string;
  readonly vendor: string;
  /** Formats of chat that the model serves; none for embeddings and rerank. */
  readonly formats: readonly Format[];
  readonly kind: 'chat' | 'embed' | 'rerank';
  /** How calls of tools stream: whole, in fragments, or in fragments that each have an id of their own and no name. */
  readonly calls: 'whole' | 'fragments' | 'changing' | 'nameless';
  readonly thinks: boolean;
  readonly images: boolean;
  /** Refuses `maxTokens`. */
  readonly completionLimit: boolean;
};

const chat = (id: string, more: Partial<Model> = {}): Model => ({
  id,
  vendor: id.split('.')[0] ?? '',
  formats: ['GENERIC'],
  kind: 'chat',
  calls: 'fragments',
  thinks: false,
  images: false,
  completionLimit: false,
  ...more,
});
const cohere = (id: string, formats: readonly Format[], more: Partial<Model> = {}): Model => chat(id, { formats, calls: 'whole', ...more });
const other = (id: string, kind: 'embed' | 'rerank'): Model => chat(id, { formats: [], kind });

/** Ids as the service has them; several are known from memory. */
const MODELS: readonly Model[] = [
  chat('meta.llama-3.3-70b-instruct'),
  chat('meta.llama-4-maverick-17b-128e-instruct-fp8', { images: true }),
  chat('xai.grok-4', { calls: 'whole', thinks: true, images: true }),
  chat('google.gemini-2.5-flash', { calls: 'nameless', thinks: true, images: true }),
  chat('openai.gpt-oss-120b', { calls: 'changing', thinks: true }),
  chat('openai.gpt-oss-20b', { calls: 'changing', thinks: true }),
  chat('openai.gpt-5', { calls: 'whole', thinks: true, images: true, completionLimit: true }),
  cohere('cohere.command-r-08-2024', ['COHERE']),
  cohere('cohere.command-r-plus-08-2024', ['COHERE']),
  cohere('cohere.command-a-03-2025', ['COHERE', 'COHEREV2']),
  cohere('cohere.command-a-vision-07-2025', ['COHEREV2'], { images: true }),
  cohere('cohere.command-a-reasoning-08-2025', ['COHEREV2'], { thinks: true }),
  other('cohere.embed-v4.0', 'embed'),
  other('cohere.embed-multilingual-v3.0', 'embed'),
  other('cohere.embed-english-v3.0', 'embed'),
  other('cohere.rerank-v3.5', 'rerank'),
  other('cohere.rerank-v3-5', 'rerank'),
];
const BY_ID = new Map(MODELS.map((model) => [model.id, model]));
export const findModel = (id: string): Model | undefined => BY_ID.get(id);

const CAPABILITIES = { chat: ['CHAT'], embed: ['TEXT_EMBEDDINGS'], rerank: ['TEXT_RERANK'] } as const;
/** What ListModels gives of a model. */
export const summaryOf = (model: Model, compartmentId: string) => ({
  id: `ocid1.generativeaimodel.oc1.us-chicago-1.${model.id.replaceAll('.', '')}`,
  displayName: model.id,
  vendor: model.vendor,
  version: '1.0',
  type: 'BASE',
  capabilities: model.images ? [...CAPABILITIES[model.kind], 'IMAGE_TEXT_TO_TEXT'] : [...CAPABILITIES[model.kind]],
  lifecycleState: 'ACTIVE',
  compartmentId,
  timeCreated: '2025-01-01T00:00:00.000Z',
});
export const summaries = (compartmentId: string) => MODELS.map((model) => summaryOf(model, compartmentId));
