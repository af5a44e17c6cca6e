/** What a subject wants to do. */
export type Attributes = {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** With its subresource: `serviceaccounts/token`. */
  readonly resource: string;
  /** Cluster-wide if absent. */
  readonly namespace?: string;
};
/** Who asks. */
export type Subject = { readonly username: string; readonly groups: readonly string[] };
/** A role bound to a user or a group; `*` stands for any verb, group or resource. */
export type Binding = {
  readonly role: string;
  /** Username or group. */
  readonly subject: string;
  readonly rules: readonly { readonly verbs: readonly string[]; readonly group: string; readonly resources: readonly string[] }[];
  /** In this namespace alone; in all of them if absent. */
  readonly namespace?: string;
};

/** The cluster role `system:auth-delegator`: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#other-component-roles */
export const authDelegator = (subject: string): Binding => ({
  role: 'system:auth-delegator',
  subject,
  rules: [
    { verbs: ['create'], group: 'authentication.k8s.io', resources: ['tokenreviews'] },
    { verbs: ['create'], group: 'authorization.k8s.io', resources: ['subjectaccessreviews'] },
  ],
});

const covers = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);
/** The binding that allows it; undefined: nothing does. */
export const bindingFor = (bindings: readonly Binding[], { username, groups }: Subject, wanted: Attributes): Binding | undefined =>
  bindings.find(
    ({ subject, rules, namespace }) =>
      (subject === username || groups.includes(subject)) &&
      (namespace === undefined || namespace === wanted.namespace) &&
      rules.some((rule) => covers(rule.verbs, wanted.verb) && covers([rule.group], wanted.group) && covers(rule.resources, wanted.resource)),
  );
