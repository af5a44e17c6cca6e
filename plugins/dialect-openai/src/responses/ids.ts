/** Ids of an answer that we compose: the same call gives the same ids. */
export interface Ids {
  readonly response: string;
  /** `msg_…`, `fc_…`, `rs_…`, `ctc_…` by the item's place in `output`. */
  item(prefix: 'msg' | 'fc' | 'rs' | 'ctc', index: number): string;
  /** For calls whose provider gave none. */
  call(index: number): string;
}
export const idsOf = (callId: string): Ids => {
  const stem = callId.replace(/^[a-z]+_/, '').replace(/[^A-Za-z0-9]/g, '');
  return {
    response: `resp_${stem}`,
    item: (prefix, index) => `${prefix}_${stem}${index.toString(16).padStart(2, '0')}`,
    call: (index) => `call_${stem}${index.toString(16).padStart(2, '0')}`,
  };
};
