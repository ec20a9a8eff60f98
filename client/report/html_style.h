// How pages look, as CSS that XML can have in it: without `<` and `&`. What things came to has a class (good,
// some, bad, rig, same, quiet), which is a colour and a mark before the word; the word is the page's.
#pragma once

namespace bpfrig::client::report {

inline constexpr const char* kHtmlStyle = R"(
:root {
  color-scheme: light dark;
  --page: #fff; --text: #1c2024; --faint: #5c646e; --line: #d9dde2; --raised: #f5f6f8; --link: #0b57c2;
  --good: #17663a; --good-back: #e3f4e9; --some: #7a4b00; --some-back: #fff0cf;
  --bad: #a81c1c; --bad-back: #fde7e5; --rig: #75309c; --rig-back: #f4e6fb;
  --same: #1d4f91; --same-back: #e2edfb; --quiet: #4d5560; --quiet-back: #e9ecef;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --text: #e3e6ea; --faint: #9aa3ae; --line: #353b43; --raised: #1f242a; --link: #7db4ff;
    --good: #7fd8a0; --good-back: #16331f; --some: #f0c063; --some-back: #3a2c0c;
    --bad: #ff9d94; --bad-back: #451b18; --rig: #dba6f7; --rig-back: #361c46;
    --same: #93bdf5; --same-back: #1a2c45; --quiet: #b0b8c2; --quiet-back: #2a3037;
  }
}
* { box-sizing: border-box; }
body {
  max-width: 76rem; margin: 0 auto; padding: 1rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.5rem; margin: 0 0 .75rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .75rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
h4 { font-size: 1rem; font-weight: normal; margin: .75rem 0 .25rem; }
p, ul { margin: .25rem 0; }
ul { padding-left: 1.25rem; }
a { color: var(--link); }
code, .value, .log, .source { font-family: ui-monospace, monospace; font-size: .87rem; }
.faint { color: var(--faint); }
.text, .value, .log { white-space: pre-wrap; unicode-bidi: plaintext; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0; }
.facts dt { color: var(--faint); }
.facts dd { margin: 0; }

.good { --mark: "\2713\a0"; --front: var(--good); --back: var(--good-back); }
.some { --mark: "~\a0"; --front: var(--some); --back: var(--some-back); }
.bad { --mark: "\2717\a0"; --front: var(--bad); --back: var(--bad-back); }
.rig { --mark: "!\a0"; --front: var(--rig); --back: var(--rig-back); }
.same { --mark: "=\a0"; --front: var(--same); --back: var(--same-back); }
.quiet { --mark: "\2013\a0"; --front: var(--quiet); --back: var(--quiet-back); }
.badge {
  display: inline-block; padding: 0 .5rem; border-radius: .3rem; background: var(--back); color: var(--front);
  font-size: .87rem; font-weight: 600; white-space: nowrap; print-color-adjust: exact;
}
.badge::before { content: var(--mark); }
.card {
  margin: .75rem 0; padding: .6rem .9rem; border: 1px solid var(--line);
  border-left: .3rem solid var(--front); border-radius: .3rem;
}
.card h3 { margin-top: 0; }
.log {
  max-height: 24rem; overflow: auto; margin: .25rem 0; padding: .4rem .6rem; background: var(--raised);
  border-radius: .3rem;
}

.box { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { color: var(--faint); font-weight: normal; overflow-wrap: normal; }
.scores thead th + th, .tests thead th:last-child { text-align: right; }
tbody th { font-weight: 600; }
.group th, .group td { background: var(--raised); }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.name { min-width: 10rem; }
.steps { margin: .25rem 0; padding-left: 2.5rem; font-variant-numeric: tabular-nums; }
.below { padding-left: 1.8rem; font-weight: normal; }
.differences { table-layout: fixed; margin: .25rem 0; border: 1px solid var(--line); }
.differences td + td { border-left: 1px solid var(--line); }
.differences tbody th { background: var(--raised); font-weight: normal; }
.lines .number { width: 4rem; }
.lines .outcome { width: 9rem; }
.lines .source {
  white-space: pre-wrap; background: var(--back); color: var(--front); print-color-adjust: exact;
}
.lines .under { padding-bottom: .75rem; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem .5rem; margin: .5rem 0; }

@media (max-width: 600px) {
  body { padding: .6rem; }
  th, td { padding: .2rem .35rem; }
  .lines .number { width: 2.5rem; }
  .lines .outcome { width: 6.5rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  a { color: inherit; text-decoration: none; }
  .box, .log { overflow: visible; max-height: none; }
  tr, h2, h3, h4 { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
)";

}  // namespace bpfrig::client::report
