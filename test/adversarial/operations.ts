import { restDocument } from '../../src/surfaces/rest/index.ts';

/** One route, as the OpenAPI document has it: what is added later is attacked, too. */
export interface Operation {
  method: string;
  path: string;
  parameters: readonly string[];
  /** Whether it takes `?org=`. */
  inOrg: boolean;
  /** What the caller must hold. */
  scope: string | undefined;
  bodyType: string | undefined;
  example: unknown;
}

interface Documented {
  description?: string;
  parameters?: { in: string; name: string }[];
  requestBody?: { content: Record<string, { example?: unknown }> };
}

const paths = restDocument('0').paths as Record<string, Record<string, Documented>>;

export const operations: readonly Operation[] = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { description = '', parameters = [], requestBody }]) => {
    const [body] = Object.entries(requestBody?.content ?? {});
    return {
      method: method.toUpperCase(),
      path,
      parameters: parameters.filter((each) => each.in === 'path').map(({ name }) => name),
      inOrg: parameters.some((each) => each.in === 'query' && each.name === 'org'),
      scope: /Needs the scope `([^`]+)`/.exec(description)?.[1],
      bodyType: body?.[0],
      example: body?.[1].example,
    };
  }),
);
