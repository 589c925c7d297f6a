import type { ResolveReference } from '../capabilities/upstreams/index.ts';
import { InvalidRequest } from '../kernel/errors.ts';
import { defaultOrg } from '../kernel/principal.ts';

/**
 * Puts the values of `${env:NAME}` into what is added at run time. Only the variables that the operator listed, and only
 * for the default organisation: whoever adds an upstream also says to which URL the value goes.
 */
export function createReferences(variables: Readonly<Record<string, string>>): ResolveReference {
  return async (text, org) =>
    text.replace(/\$\{(\w+):([^{}]*)\}/g, (_, kind: string, name: string) => {
      const value =
        org === defaultOrg && kind === 'env' && Object.hasOwn(variables, name) ? variables[name] : undefined;
      if (value === undefined) {
        throw InvalidRequest({
          faults: `the reference to ${kind} ${name} is not allowed; the file lists what may be named under runtimeVariables`,
        });
      }
      return value;
    });
}
