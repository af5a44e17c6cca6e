import { type Bench, openBench } from './gateway.ts';

/** A gateway before Bedrock that takes AWS signatures, and a key pair that it issued. */
export interface SigningBench {
  readonly bench: Bench;
  readonly pair: { readonly accessKeyId: string; readonly secretAccessKey: string };
}
export const openSigning = async (): Promise<SigningBench> => {
  const bench = await openBench({
    vendor: 'bedrock',
    plugins: ['@llm-proxy-auth/auth-sigv4'],
    sections: {
      keyEncryption: { current: 'k1', keys: { k1: '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff' } },
      auth: [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' }, { use: 'sigv4' }],
      retry: { attempts: 1 },
    },
  });
  const made = await bench.operation('signing-keys.create', { name: 'ci', scopes: ['metrics'] });
  return { bench, pair: { accessKeyId: String(made.id), secretAccessKey: String(made.secret) } };
};
