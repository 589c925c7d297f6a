import type { NewServer } from './newserver.ts';

/** `EVALUATION.md`: what a team must know before it lets agents use a server. */
export function evaluation({ name, title, licence }: NewServer): string {
  return `# Evaluation of ${title}

What somebody must know before this server is let near agents. Fill in each line, with where the answer was found; "not
known" is an answer, and scores nothing. Go through it again with every new major version, and at least once a year.

| | |
| --- | --- |
| server | \`${name}\` |
| version that was looked at | 0.1.0 |
| evaluated by, on | |
| decision | to be made: taken, taken with conditions, refused |
| conditions | |

## Licence

| question | answer |
| --- | --- |
| licence of the server (SPDX) | ${licence} |
| licences of what it brings along that ask for more (copyleft, no commercial use) | |
| terms of the service behind it, where there is one | |

## Upkeep

| question | answer |
| --- | --- |
| who keeps it: a person, a company, a foundation | |
| last release, and how often there is one | |
| time until a fault of security was answered, or where one reports it | |
| tests, and whether they run for every change | |
| how it is delivered: pinned version, signature or digest | |

## Permissions

| question | answer |
| --- | --- |
| what it runs as, and on which machine | a program on the machine of Fairlead, as its user |
| credentials that it asks for, and the least that is enough | |
| what it can change or destroy, by tool | \`count_words\`: nothing |
| where it connects to | nowhere |
| files that it reads and writes | none |

## Data touched

| question | answer |
| --- | --- |
| data that goes in: kinds, personal data, secrets | texts of the caller |
| where that goes, in which country, for how long it is kept | stays in the process; nothing is kept |
| data that comes out, and who could have written it (texts of strangers can hold instructions to the model) | counts only |
| what it writes to its log | nothing |

## Alternatives

| alternative | why it is not taken |
| --- | --- |
| nothing: a tool that is there already | |
| another server | |
| the API itself, by its OpenAPI document | |

## Score

0 to 3 points each; multiply by the weight and add up.

| | 0 | 1 | 2 | 3 | weight | points |
| --- | --- | --- | --- | --- | --- | --- |
| licence | none, or it forbids our use | unclear, or asks for a lot | clear, with small duties | clear, permissive | 1 | |
| upkeep | abandoned or not known | one person, now and then | regular releases | several people, answers faults of security | 2 | |
| permissions | all or nothing | wider than needed | narrow, set by us | narrow, and read-only where that is enough | 3 | |
| data touched | not known | leaves our control | known and bounded by contract | stays with us, nothing is kept | 3 | |
| alternatives | something better is there | as good as others | better than others | nothing else does it | 1 | |

At most 30. **24 and more**: take it. **15 to 23**: take it with conditions, such as fewer tools at an endpoint, a policy, or
consent for what changes something. **Below 15**: refuse it. A 0 for permissions or data touched refuses it, whatever the
sum.

Total: to be added up
`;
}
