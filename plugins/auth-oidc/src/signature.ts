import { signatureCheck } from '@llm-proxy-auth/plugin/jwt';
import { compactVerify, importJWK } from 'jose';

/** Whether the token was signed with the private half of the key, which fits the algorithm. */
export const isSignedBy = signatureCheck({ importJWK, compactVerify });
