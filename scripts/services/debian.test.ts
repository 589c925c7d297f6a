import { expect, it } from 'vitest';
import { mirrorOfLines, mirrorOfStanzas } from './debian.ts';

it('reads the Debian mirror from one-line sources, past comments and other vendors', () => {
  const text = [
    '# deb http://old.example/debian bookworm main',
    'deb https://vendor.example/apt vendor main',
    'deb-src http://mirror.example/debian bookworm main',
    'deb [signed-by=/usr/share/keyrings/x.gpg arch=amd64] http://mirror.example/debian bookworm main contrib',
  ].join('\n');
  expect(mirrorOfLines(text)).toBe('http://mirror.example/debian');
  expect(mirrorOfLines('deb http://mirror.example/debian-security bookworm-security main')).toBeUndefined();
});

it('reads the Debian mirror from stanzas, past security and disabled ones', () => {
  const text = [
    'Types: deb\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\nComponents: main',
    'Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main',
    'Types: deb deb-src\nURIs: http://mirror.example/debian http://second.example/debian\nSuites: bookworm bookworm-updates\nComponents: main',
  ].join('\n\n');
  expect(mirrorOfStanzas(text)).toBe('http://mirror.example/debian');
  expect(mirrorOfStanzas('Types: deb\nURIs: http://v.example/apt\nSuites: nodistro\nComponents: main')).toBeUndefined();
});
