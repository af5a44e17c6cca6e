import { GatewayError } from '@llm-proxy-auth/plugin';

/** What stands before the id of a deployment where a model is named. */
const PREFIX = 'deployment/';
const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Models that are deployments: by a name of the configuration, or as `deployment/<id>`. */
export interface Deployments {
  readonly names: readonly string[];
  /** Id or serving name of the deployment that a model names; undefined: it is a model of the foundation. Throws for one that cannot be. */
  idOf(model: string): string | undefined;
  /** The model that a deployment in a path is; undefined: it is not to be reached. */
  modelOf(id: string): string | undefined;
}
export const deploymentsOf = (named: Readonly<Record<string, string>> | undefined): Deployments => {
  const ids = new Map(Object.entries(named ?? {}));
  const models = new Map([...ids].map(([name, id]) => [id, name]));
  const known = (id: string): boolean => ID.test(id) && (named === undefined || models.has(id));
  return {
    names: [...ids.keys()],
    idOf(model) {
      const named = ids.get(model);
      if (named !== undefined || !model.startsWith(PREFIX)) return named;
      const id = model.slice(PREFIX.length);
      if (known(id)) return id;
      throw new GatewayError('model_not_found', 'This instance has no such deployment.', { param: 'model' });
    },
    modelOf: (id) => (known(id) ? (models.get(id) ?? `${PREFIX}${id}`) : undefined),
  };
};
