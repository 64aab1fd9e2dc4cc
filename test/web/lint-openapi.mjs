// Is the description of the API an OpenAPI 3.1 document?  node lint-openapi.mjs
import { Validator } from '@seriousme/openapi-schema-validator';
import { description } from './contract.mjs';

const validator = new Validator();
const { valid, errors } = await validator.validate(structuredClone(description));
console.log(`${valid && validator.version === '3.1' ? 'ok' : 'not ok'} 1 - the description is a valid OpenAPI 3.1 document`);
for (const e of [errors ?? []].flat().slice(0, 20)) console.log(`# ${typeof e === 'string' ? e : `${e.instancePath} ${e.message}`}`);
console.log('1..1');
process.exit(valid ? 0 : 1);
