export type Severity = 'warning' | 'danger';

/** Something a reviewer should look at. Path and excerpt hold no hidden characters. */
export interface Finding {
  code: string;
  severity: Severity;
  path: string;
  message: string;
  excerpt?: string;
}

/** Something that makes a tool harder to choose or to use. */
export interface LintFault {
  rule: string;
  severity: 'error' | 'warning';
  path: string;
  /** Says what to do. */
  message: string;
}
