import { Sha256 } from '@aws-crypto/sha256-js';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { identityRequest, tokenOf } from '@llm-proxy-auth/auth-aws-iam/token';
import { SignatureV4 } from '@smithy/signature-v4';
import OpenAI from 'openai';

const region = process.env.AWS_REGION ?? 'us-east-1';
const gatewayId = process.env.GATEWAY_ID ?? 'prod';
const signer = new SignatureV4({ service: 'sts', region, credentials: defaultProvider(), sha256: Sha256 });

/** Good for 15 minutes; signing takes no request, so each call may have its own. */
const apiKey = async (): Promise<string> => tokenOf(await signer.presign(identityRequest({ region, gatewayId }), { expiresIn: 900 }));

const client = new OpenAI({ apiKey });
const reply = await client.chat.completions.create({
  model: process.env.MODEL ?? 'gpt-4.1-mini',
  messages: [{ role: 'user', content: 'What is the colour of the sky?' }],
});
console.log(`chat: ${reply.choices[0]?.message.content}`);
