import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, longest first: one that begins last is all that the end of a run waits for. */
const longest = [
  'test/e2e/docs.test.ts',
  'test/cli/serve.test.ts',
  'test/cli/serve-database.test.ts',
  'test/integration/connections-refresh.test.ts',
  'src/capabilities/knowledge/read/reader.test.ts',
  'test/integration/audit-pause.test.ts',
  'test/integration/soak.test.ts',
  'test/integration/limits-store.test.ts',
  'scripts/bootstrap.test.ts',
  'test/cli/secrets.test.ts',
  'src/platform/secrets/secrets.test.ts',
  'test/integration/short-sessions.test.ts',
  'test/cli/stdio.test.ts',
  'test/cli/reload.test.ts',
  'test/integration/bad-upstreams.test.ts',
  'test/e2e/readme.test.ts',
  'src/capabilities/upstreams/keeper.test.ts',
  'src/platform/db/embedded.test.ts',
  'test/integration/seeded-run.test.ts',
  'test/e2e/openapi-example.test.ts',
  'test/integration/drain.test.ts',
  'test/integration/short-way.test.ts',
  'test/integration/upstream-credentials.test.ts',
  'src/capabilities/knowledge/lexical/lexical.test.ts',
];

/** The longest first, and the others as vitest orders them. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = longest.findIndex((path) => moduleId.endsWith(`/${path}`));
      return place < 0 ? longest.length : place;
    };
    return others.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}
