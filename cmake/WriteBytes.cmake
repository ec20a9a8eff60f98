# A script: writes OUTPUT, a C++ source file with the bytes of INPUT as the array SYMBOL, a qualified name that HEADER
# declares.
cmake_minimum_required(VERSION 3.22)
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

const unsigned char ${SYMBOL}[] = {
${bytes}};
const size_t ${SYMBOL}Size = sizeof(${SYMBOL});
")
