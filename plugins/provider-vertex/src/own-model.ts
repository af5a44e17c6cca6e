/** The model in the path of a call. */
export interface PathModel {
  readonly id: string;
  /** Undefined for what an own endpoint serves. */
  readonly publisher: string | undefined;
}
/** Members whose text is the bare name of a model. */
const MEMBERS: ReadonlySet<string> = new Set(['model', 'modelName', 'model_name', 'modelId', 'model_id', 'baseModel', 'base_model']);
/** `publishers/{publisher}/models/{id}`, `models/{id}` or `endpoints/{id}`, with the service, version, project and location before it or not. */
const RESOURCE =
  /^\/*(?:[a-z0-9.-]+\.googleapis\.com\/)?(?:v1(?:beta1)?\/)?(projects\/[^/]+\/locations\/[^/]+\/)?(?:publishers\/([^/]+)\/models|(models|endpoints))\/([^/]+)$/;
const SHORT = /^([a-z0-9][a-z0-9-]*)\/([^/]+)$/;

/** A vendor's own name lacks the version that Google puts behind an `@`, or has it behind a hyphen. */
const isSame = (publisher: string | undefined, named: string, model: PathModel): boolean =>
  (publisher === undefined || publisher === model.publisher) &&
  (named === model.id || named === model.id.replace(/@[^@]*$/, '') || named === model.id.replace('@', '-'));

/** Whether a text of a body, which stands at a member `name`, names another model than the path does. */
export const namesOtherModel = (text: string, name: string, model: PathModel): boolean => {
  const found = RESOURCE.exec(text);
  if (found !== null) {
    const [, home, publisher, kind, id = ''] = found;
    const own = kind === 'endpoints' || (kind === 'models' && home !== undefined);
    return own ? model.publisher !== undefined || id !== model.id : !isSame(publisher, id, model);
  }
  // What an own model is given may have members of any name.
  if (model.publisher === undefined || !MEMBERS.has(name)) return false;
  const short = SHORT.exec(text);
  return !isSame(short?.[1], short?.[2] ?? text, model);
};
