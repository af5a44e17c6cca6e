import { tokenForm } from '@llm-proxy-auth/plugin/issued';

export { checksum } from '@llm-proxy-auth/plugin/issued';

const FORM = tokenForm('lpa_');
/** What every key of ours begins with; sessions begin with `lpas_`. */
export const PREFIX = FORM.prefix;
export const { idOf } = FORM;

export interface NewKey {
  readonly id: string;
  /** The whole key, shown once and stored never. */
  readonly key: string;
}
export const newKey = (): NewKey => {
  const { id, token } = FORM.make();
  return { id, key: token };
};
