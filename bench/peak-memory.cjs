// Writes how much memory a process has had at most, in KB, when it ends.
const { writeFileSync } = require('node:fs');

process.once('exit', () => writeFileSync(process.env.PEAK_MEMORY_FILE ?? '', `${process.resourceUsage().maxRSS}`));
