/** The one style sheet of the pages; both colour schemes have a contrast of 7 to 1 for texts. */
export const styleSheet = `
:root { color-scheme: light dark; --ink: #1b2733; --soft: #46535f; --ground: #f4f6f8; --card: #ffffff; --line: #7d8994;
  --act: #0b5394; --on-act: #ffffff; --bad: #9b1c1c; --bad-ground: #fdf0f0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eef2f5; --soft: #b9c4ce; --ground: #12181e; --card: #1b242d; --line: #7d8994;
    --act: #9ccbf5; --on-act: #10202e; --bad: #ffb4ab; --bad-ground: #3a1a1a; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 28rem; margin: 8vh auto 4rem; padding: 2rem; background: var(--card); border-radius: 0.5rem;
  box-shadow: 0 1px 4px rgb(0 0 0 / 18%); overflow-wrap: anywhere; }
header { font-weight: 600; color: var(--soft); margin-bottom: 1.25rem; }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 0 0 0.75rem; }
h2 { font-size: 1.05rem; margin: 1.5rem 0 0.5rem; }
p, ul, dl { margin: 0 0 1rem; }
ul { padding-left: 1.25rem; }
li { margin-bottom: 0.4rem; }
label { display: block; font-weight: 600; margin: 1rem 0 0.25rem; }
input, select, textarea { width: 100%; padding: 0.6rem 0.7rem; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-radius: 0.35rem; }
input[readonly] { background: var(--ground); }
.hint, .soft { color: var(--soft); font-size: 0.925rem; }
.hint { margin: 0.25rem 0 0; }
button, a.button { font: inherit; font-weight: 600; margin-top: 1.5rem; padding: 0.65rem 1.2rem; border-radius: 0.35rem;
  border: 1px solid var(--act); background: var(--act); color: var(--on-act); cursor: pointer; }
a.button { display: inline-block; margin-top: 0.5rem; text-decoration: none; }
.or { margin: 1.5rem 0 0; border-top: 1px solid var(--line); padding-top: 0.9rem; }
button.second { background: transparent; color: var(--act); }
button.small { margin-top: 0; white-space: nowrap; padding: 0.3rem 0.7rem; font-size: 0.9rem; }
ul.things { list-style: none; padding: 0; }
ul.things > li { display: flex; gap: 1rem; justify-content: space-between; align-items: flex-start;
  border-top: 1px solid var(--line); padding-top: 0.6rem; }
ul.things form { flex: none; }
ul.things .soft { display: block; }
.row { display: flex; flex-wrap: wrap; gap: 0.75rem; }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
.fault { border-left: 4px solid var(--bad); background: var(--bad-ground); color: var(--bad); padding: 0.75rem 1rem;
  border-radius: 0.25rem; margin: 0 0 1rem; }
pre { white-space: pre-wrap; max-height: 30rem; overflow: auto; padding: 0.75rem; background: var(--ground);
  border-radius: 0.25rem; font: 0.9rem/1.45 ui-monospace, monospace; }
code { font: 0.95em ui-monospace, monospace; background: var(--ground); padding: 0.1em 0.3em; border-radius: 0.2em; }
dt { color: var(--soft); font-size: 0.925rem; }
dd { margin: 0 0 0.6rem; }
.code { text-transform: uppercase; letter-spacing: 0.15em; }
footer { margin-top: 1.75rem; border-top: 1px solid var(--line); padding-top: 0.9rem; }
`;
