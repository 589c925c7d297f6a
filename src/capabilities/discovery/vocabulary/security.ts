// Weaknesses, secrets, proofs and how things are protected. One line a thing: how tools call it, then what people say for it.

export const security = `
attestation < authenticity, build proof, built where, origin, proof, provenance, signature, signed, supply chain,
  verify artifact, where built
audit log < admin actions, compliance, trail, who did what
authenticated < logged in, login
autofix < automatic fix, fix it automatically, fix suggestion, propose a fix, repair, suggested fix
automated security fix < automatic fix, dependabot pull request, dependency fix, fix dependencies automatically,
  security update
bill of materials < components, dependency list, ingredients, list of libraries, sbom, supply chain
campaign < push to fix alerts, remediation, security drive
code quality < clean code, code smell, coverage, findings, linter, maintainability, static analysis
code scanning < static analysis
code scanning alert < bug in code, code scanner, finding, findings, insecure code, sast, scanner, static analysis,
  vulnerable code
code scanning analysis < scan, scan results, scanner runs, scans, when was it scanned
code security configuration < hardened, hardening, security defaults, security policy, security settings
codeql < code query, scan database, static analysis, variant analysis
credentials < secret
dependabot < dependency, dependency fix, dependency update, outdated dependency, security update, vulnerability,
  vulnerable dependency
dependabot alert < insecure dependency, outdated dependency, security hole, unsafe packages, vulnerabilities in our packages,
  vulnerable dependency, vulnerable library, vulnerable package, vulnerable packages
dependency graph < dependencies, libraries, supply chain, third party code, what do we depend on
digest < checksum, fingerprint, hash, sha, sha256
ip allow list < allowed addresses, firewall, whitelist
login < handle, session, username
logout < log out
protection < forbid, mandatory, no one, nobody, prevent, protect, require, restrict, rule
push protection < block secrets, prevent committing secrets, stop secrets from being pushed
sarif < results of a scanner, scan results, scanner output, scanner report, upload findings
sbom < dependency
scanning < scan, scanner
secret scanning < leaked, secret scanner
secret scanning alert < committed password, committed secret, credential in code, exposed, exposed key, hardcoded, leak, leaked,
  leaked key, leaked password, leaked token, password in the code
secret scanning location < where is the leaked
security advisory < cve, disclose, disclosure, exploit, flaw, ghsa, report privately, responsible disclosure, security fix,
  security hole, vulnerability, weakness
security alert < vulnerability
session < checkout, cookie, log out, login
signature < sign, signed
signing < sign
single sign on < corporate login, identity provider, saml, sso
two factor < authenticator, mfa, second factor
verification < signature
vulnerability < security
vulnerability alert < security warnings, vulnerable dependency, warn about vulnerabilities
`;
