import { UsageError } from '../arguments.ts';

/** What the tour calls the gateway with; only who takes it needs them. */
const load = async () => {
  const [{ default: OpenAI }, { BedrockRuntimeClient, ConverseCommand }, { generateSync }] = await Promise.all([
    import('openai'),
    import('@aws-sdk/client-bedrock-runtime'),
    import('otplib'),
  ]);
  return { OpenAI, BedrockRuntimeClient, ConverseCommand, codeOf: (secret: string): string => generateSync({ secret }) };
};
export type Libraries = Awaited<ReturnType<typeof load>>;

/** Throws UsageError when one of them is not installed. */
export const loadLibraries = async (): Promise<Libraries> => {
  try {
    return await load();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')
      throw new UsageError('The demo calls the gateway with the vendors’ own libraries: npm install openai @aws-sdk/client-bedrock-runtime otplib');
    throw error;
  }
};
