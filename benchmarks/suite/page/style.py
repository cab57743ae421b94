"""How the page looks: readable on a phone, a screen and paper."""

STYLE = """
:root { --ink: #1a1f24; --soft: #5a6570; --line: #d5dbe0; --fill: #f4f6f8; --mark: #0b5a8a;
  --alarm: #9d1c1c; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 4rem; color: var(--ink);
  background: #fff;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: .5rem;
  border-top: 2px solid var(--ink); }
p, ul { max-width: 46rem; margin: .5rem 0; }
ul { padding-left: 1.2rem; }
li { margin: .2rem 0; }
a { color: var(--mark); }
.sub, .note { color: var(--soft); font-size: .875rem; }
.alarm { border-left: 4px solid var(--alarm); padding: .35rem .75rem; background: #fbeeee; }
.lead { background: var(--fill); padding: .25rem 1rem .75rem; margin: 1rem 0; border-radius: 4px; }
.lead h2 { border: 0; margin: .5rem 0 .25rem; }
.lead p, .lead ul { max-width: none; }
nav ol { columns: 3 14rem; font-size: .875rem; padding-left: 1.5rem; margin: 1rem 0; }
.wide { overflow-x: auto; margin: .75rem 0;
  background: linear-gradient(to right, #fff0, #fff 50%) right / 24px 100% no-repeat local,
    linear-gradient(to left, #0003, #0000) right / 9px 100% no-repeat scroll; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
thead th { border-bottom: 2px solid var(--soft); vertical-align: bottom; }
tbody th { font-weight: 500; background: #fff; position: sticky; left: 0; white-space: nowrap; }
.n { text-align: right; white-space: nowrap; }
thead th, thead th.n { white-space: normal; max-width: 8rem; }
.k { white-space: nowrap; }
.charts { display: grid; gap: 1.25rem 2rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
figure { margin: .75rem 0; max-width: 26rem; }
figcaption { font-weight: 600; font-size: .9375rem; margin-bottom: .25rem; }
svg.chart { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-family: inherit; fill: var(--ink); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1rem; padding: 0;
  margin: .35rem 0 0; font-size: .8125rem; }
.legend svg { width: 26px; height: 10px; margin-right: .35rem; vertical-align: middle; }
@media (max-width: 34rem) {
  body { padding: 1rem .75rem 3rem; }
  h1 { font-size: 1.4rem; }
  tbody th { max-width: 9rem; overflow-wrap: anywhere; white-space: normal; }
  th, td { padding: .25rem .4rem; }
  .k { white-space: normal; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  .wide { overflow: visible; background: none; }
  table { font-size: 7pt; }
  th, td { padding: 1pt 3pt; }
  .n, .k { white-space: normal; }
  tbody th { position: static; }
  thead { display: table-header-group; }
  h2, caption, figcaption { break-after: avoid; }
  tr, figure { break-inside: avoid; }
  .lead, .alarm { border: 1px solid var(--line); }
  .charts { grid-template-columns: 1fr 1fr; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
