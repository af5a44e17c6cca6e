/** bcrypt of the versions and costs that are taken over: `$2a$`, `$2b$`, `$2y$`, 10 to 14. */
export const BCRYPT = '^\\$2[aby]\\$1[0-4]\\$[./A-Za-z0-9]{53}$';
const FORM = new RegExp(BCRYPT);
/** What is after byte 72 bcrypt does not see. */
const LONGEST = 72;

/** Whether bcrypt, by its rules, is right about a key; false for a hash that is not taken over and for a key that it would cut. On the thread pool. */
export const bcryptVerify = async (hash: string, key: string): Promise<boolean> => {
  if (!FORM.test(hash) || Buffer.byteLength(key) > LONGEST || key.includes('\0')) return false;
  const { verify } = await import('@node-rs/bcrypt');
  return await verify(key, hash);
};
