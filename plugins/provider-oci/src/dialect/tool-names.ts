import { type Naming, namesBy } from '@llm-proxy-auth/plugin';
import { vendorOf } from '../model-id.ts';

const GENERIC: Naming = Object.freeze({ safe: namesBy('A-Za-z0-9_-', 'A-Za-z0-9_-'), why: 'the provider takes 64 letters, digits, _ and - in a name' });
/** Google's own rule stands behind that of the service. */
const GOOGLE: Naming = Object.freeze({ safe: namesBy('A-Za-z_', 'A-Za-z0-9_-'), why: 'the provider takes 64 letters, digits, _ and -, no digit first' });
/** Names of tools in the format GENERIC. */
export const genericNames = (model: string): Naming => (vendorOf(model) === 'google' ? GOOGLE : GENERIC);
/** Names of tools in the format COHEREV2. */
export const COHEREV2_NAMES: Naming = Object.freeze({ safe: namesBy('A-Za-z_', 'A-Za-z0-9_'), why: 'the provider takes letters, digits and _ alone' });
