import type { ModelNames } from '@llm-proxy-auth/plugin';

/**
 * Deployments by the model they serve. A deployment that several models name stands for none of them, so that a caller who may use one
 * model never reaches another by it.
 */
export const deploymentNames = (deployments: Readonly<Record<string, string>> = {}): ModelNames => {
  const models = new Map<string, string | undefined>();
  for (const [model, deployment] of Object.entries(deployments)) models.set(deployment, models.has(deployment) ? undefined : model);
  const byModel = new Map(Object.entries(deployments));
  return {
    wire: (model) => byModel.get(model) ?? model,
    model: (wire) => models.get(wire) ?? wire,
  };
};
