// The Khronos validator's report on one GLB, as JSON on standard output: node validate_glb.mjs FILE
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

// Installed apart from this file (`npm install --prefix .tools gltf-validator`), so it is looked up there.
const tools = process.env.UNDERSTUDY_TOOLS ?? resolve(import.meta.dirname, '../../.tools');
const validator = createRequire(resolve(tools, 'package.json'))('gltf-validator');
const report = await validator.validateBytes(new Uint8Array(await readFile(process.argv[2])), { maxIssues: 100 });
console.log(JSON.stringify(report));
