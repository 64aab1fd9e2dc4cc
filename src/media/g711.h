/* G.711: one byte for each sample at 8 kHz, u-law and A-law (ITU-T G.711). Pure. */
#ifndef CALLPARK_MEDIA_G711_H
#define CALLPARK_MEDIA_G711_H

#include <stdint.h>

uint8_t g711_ulaw(int16_t sample);
uint8_t g711_alaw(int16_t sample);
int16_t g711_from_ulaw(uint8_t byte);
int16_t g711_from_alaw(uint8_t byte);

#endif
