// Execution layer, program. Reads words. The program comes from the shim of the same build; what does not fit is a bug, told as one.

using System;

namespace Epiphany.Execution;

/// <summary>A position in a program.</summary>
unsafe ref struct ProgramReader(long* words, long count)
{
    readonly long* _words = words;
    readonly long _count = count;
    long _position;

    public readonly bool AtEnd => _position == _count;

    public long Word()
    {
        if (_position >= _count)
        {
            Throw.BadProgram("it ends too early");
        }

        return _words[_position++];
    }

    public int Int() => checked((int)Word());

    public uint Oid() => checked((uint)Word());

    public bool Flag() => Word() != 0;

    public double Double() => BitConverter.Int64BitsToDouble(Word());

    public int Count()
    {
        long count = Word();
        if (count < 0 || count > _count)
        {
            Throw.BadProgram("a list of impossible length");
        }

        return (int)count;
    }

    public ValueType Type() => new(Oid(), Int(), Oid(), checked((short)Word()), Flag());

    public ValueType[] Types()
    {
        var types = new ValueType[Count()];
        for (int i = 0; i < types.Length; i++)
        {
            types[i] = Type();
        }

        return types;
    }
}
