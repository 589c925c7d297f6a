import type { OrgId } from '../../../kernel/principal.ts';

/** Who asks: the organisation, and everything by which rights are given. */
export interface Asker {
  org: OrgId;
  subjects: readonly string[];
}
