/** What a configuration needs of a provider: its packages, and where the vendor's own tools look for an account. */
export interface Account {
  readonly plugins: readonly string[];
  /** Variables that hold a credential. */
  readonly credentials: readonly string[];
}
export const ACCOUNTS = Object.freeze({
  openai: { plugins: ['@llm-proxy-auth/dialect-openai', '@llm-proxy-auth/provider-openai'], credentials: ['OPENAI_API_KEY'] },
  anthropic: { plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/provider-anthropic'], credentials: ['ANTHROPIC_API_KEY'] },
  azure: {
    plugins: ['@llm-proxy-auth/dialect-openai', '@llm-proxy-auth/provider-azure'],
    credentials: ['AZURE_OPENAI_API_KEY', 'AZURE_CLIENT_SECRET', 'AZURE_FEDERATED_TOKEN_FILE', 'IDENTITY_ENDPOINT'],
  },
  bedrock: {
    plugins: ['@llm-proxy-auth/dialect-converse', '@llm-proxy-auth/provider-bedrock'],
    credentials: [
      'AWS_ACCESS_KEY_ID',
      'AWS_BEARER_TOKEN_BEDROCK',
      'AWS_PROFILE',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
    ],
  },
  vertex: {
    plugins: ['@llm-proxy-auth/dialect-gemini', '@llm-proxy-auth/provider-vertex'],
    credentials: ['GOOGLE_APPLICATION_CREDENTIALS', 'GOOGLE_OAUTH_ACCESS_TOKEN'],
  },
  watsonx: { plugins: ['@llm-proxy-auth/provider-watsonx'], credentials: ['WATSONX_AI_APIKEY', 'WATSONX_AI_BEARER_TOKEN', 'WATSONX_AI_PASSWORD'] },
  oci: {
    plugins: ['@llm-proxy-auth/provider-oci'],
    credentials: ['OCI_GENAI_API_KEY', 'OCI_KEY', 'OCI_KEY_FILE', 'OCI_CONFIG_FILE', 'OCI_RESOURCE_PRINCIPAL_RPST'],
  },
} as const satisfies Readonly<Record<string, Account>>);
