package responses

import "hash/crc32"

// combine returns the checksum of two texts, one after the other, from the checksums of both
// and the size of the second. A checksum of CRC-32 is a polynomial over GF(2), and zeros after a text
// multiply its checksum by a power of x.
func combine(first, second uint32, size int) uint32 {
	power := uint32(1 << 30) // x; bit 31 is the coefficient of 1
	shift := uint32(1 << 31)
	for n := uint64(size) * 8; n > 0; n >>= 1 {
		if n&1 == 1 {
			shift = multiply(shift, power)
		}
		power = multiply(power, power)
	}
	return multiply(first, shift) ^ second
}

// multiply multiplies two polynomials modulo that of CRC-32.
func multiply(a, b uint32) uint32 {
	product := uint32(0)
	for ; a != 0; a <<= 1 {
		if a&(1<<31) != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry == 1 {
			b ^= crc32.IEEE
		}
	}
	return product
}
