import { define, type Plugin, type SecondFactor } from '@llm-proxy-auth/plugin';
import { codes } from './admin/codes.ts';
import { disable } from './admin/disable.ts';
import { enroll } from './admin/enroll.ts';
import { reencrypt } from './admin/reencrypt.ts';
import { verify } from './admin/verify.ts';
import { config } from './config.ts';
import { makeFactor } from './made.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/factor-totp',
  api: 1,
  factors: {
    totp: define<SecondFactor>()({ summary: 'One-time codes of an authenticator app (RFC 6238), with backup codes.', config, create: makeFactor }),
  },
  admin: [enroll, verify, disable, codes, reencrypt],
};
export default plugin;
