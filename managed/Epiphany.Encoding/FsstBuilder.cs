// Encoding layer. Finds a symbol table for strings like those of a sample. Five times over, the sample is coded with the table so far;
// symbols, and pairs of symbols that follow each other, are counted, and what covers the most bytes becomes the next table.

using System;

namespace Epiphany.Encoding;

/// <summary>Works in one piece of memory that the caller owns and may use again. The same sample always gives the same table.</summary>
public sealed unsafe class FsstBuilder
{
    /// <summary>Bytes of sample that are enough.</summary>
    public const int SampleBytes = 16 * 1024;

    /// <summary>Fewer bytes cannot pay for a table.</summary>
    public const int MinBytes = 512;

    /// <summary>Of one string no more than so many bytes are sampled.</summary>
    public const int MaxPiece = 512;

    /// <summary>Memory needed.</summary>
    public const int Bytes = FsstMatcher.Bytes + (16 * (256 + CandidateSlots)) + (8 * MaxCandidates) + (4 * (Codes + (2 * SampleRoom)))
        + (2 * Codes * Codes) + SampleRoom;

    const int SampleRoom = SampleBytes + MaxPiece + 64;
    const int Generations = 5;

    /// <summary>Symbols, and 256 + byte for those that have none.</summary>
    const int Codes = 512;
    const int CandidateBits = 14;
    const int CandidateSlots = 1 << CandidateBits;
    const int MaxCandidates = CandidateSlots / 2;

    /// <summary>A byte without a symbol costs two codes, and time: single bytes count for more than they cover.</summary>
    const uint SingleWeight = 8;

    readonly FsstMatcher _matcher;
    readonly FsstSymbol* _symbols;
    readonly FsstSymbol* _candidates;

    /// <summary>Candidates that are in use, then, with what they cover in the upper half, for sorting.</summary>
    readonly ulong* _order;
    readonly uint* _counts;
    readonly uint* _ends;
    readonly uint* _pairs;
    readonly ushort* _pairCounts;
    readonly byte* _sample;
    int _strings;
    int _sampled;
    int _symbolCount;
    int _pairCount;
    int _candidateCount;

    /// <param name="memory">8-aligned, zeroed, of <see cref="Bytes"/>.</param>
    public FsstBuilder(byte* memory)
    {
        _matcher = new FsstMatcher(memory);
        _symbols = (FsstSymbol*)(memory + FsstMatcher.Bytes);
        _candidates = _symbols + 256;
        _order = (ulong*)(_candidates + CandidateSlots);
        _counts = (uint*)(_order + MaxCandidates);
        _ends = _counts + Codes;
        _pairs = _ends + SampleRoom;
        _pairCounts = (ushort*)(_pairs + SampleRoom);
        _sample = (byte*)(_pairCounts + (Codes * Codes));
    }

    /// <summary>Begins a new sample.</summary>
    public void Clear() => _strings = _sampled = 0;

    /// <summary>Adds a string, or its first bytes; false when the sample has enough.</summary>
    public bool Add(byte* value, uint length)
    {
        uint taken = Math.Min(length, MaxPiece);
        if (_sampled >= SampleBytes)
        {
            return false;
        }

        if (taken != 0)
        {
            Buffer.MemoryCopy(value, _sample + _sampled, taken, taken);
            _sampled += (int)taken;
            _ends[_strings++] = (uint)_sampled;
        }

        return true;
    }

    /// <summary>A table for the sample; how many bytes the sample has, and how many it takes in codes.</summary>
    public FsstEncoder Build(out int sampled, out int coded)
    {
        _symbolCount = 0;
        _matcher.Clear();
        _matcher.AddShort(_symbols, 0);
        for (int generation = 1; generation <= Generations; generation++)
        {
            Count();
            // What was never coded with has not shown its worth: the last table takes nothing new.
            Choose(generation != Generations);
            Forget();
        }

        sampled = _sampled;
        coded = Count();
        Forget();
        return new FsstEncoder(_matcher, _symbols, _symbolCount);
    }

    /// <summary>Codes the sample, counting codes and pairs of them; says how many bytes the codes take.</summary>
    int Count()
    {
        int coded = 0;
        byte* at = _sample;
        for (int i = 0; i < _strings; i++)
        {
            byte* end = _sample + _ends[i];
            int before = -1;
            while (at < end)
            {
                // Past the last string there is room for a word; what lies there does not matter.
                int entry = _matcher.FindWithin(*(ulong*)at, (int)Math.Min(8, end - at));
                int code = entry & FsstMatcher.CodeMask;
                int single = FsstMatcher.Literal | *at;
                coded += code >= FsstMatcher.Literal ? 2 : 1;
                Note(before, code);
                if (entry >> FsstMatcher.LengthBit > 1)
                {
                    // The first byte alone may make a better symbol of what is before it.
                    Note(before, single);
                }

                at += entry >> FsstMatcher.LengthBit;
                before = code;
            }
        }

        return coded;
    }

    void Note(int before, int code)
    {
        _counts[code]++;
        if (before >= 0 && _pairCounts[(before * Codes) + code]++ == 0)
        {
            _pairs[_pairCount++] = (uint)((before * Codes) + code);
        }
    }

    /// <summary>Counts of pairs are set back one by one: few of them are in use.</summary>
    void Forget()
    {
        new Span<uint>(_counts, Codes).Clear();
        for (int i = 0; i < _pairCount; i++)
        {
            _pairCounts[_pairs[i]] = 0;
        }

        _pairCount = 0;
    }

    /// <summary>The next table: what covers the most bytes comes first, what collides with it is left out.</summary>
    void Choose(bool withPairs)
    {
        new Span<FsstSymbol>(_candidates, CandidateSlots).Clear();
        _candidateCount = 0;
        for (int code = 0; code < Codes; code++)
        {
            if (_counts[code] != 0)
            {
                FsstSymbol symbol = SymbolOf(code);
                Propose(symbol.Value, symbol.Length, _counts[code] * symbol.Length * (symbol.Length == 1 ? SingleWeight : 1));
            }
        }

        for (int i = 0; withPairs && i < _pairCount; i++)
        {
            uint count = _pairCounts[_pairs[i]];
            FsstSymbol first = SymbolOf((int)(_pairs[i] / Codes));
            if (count > 1 && first.Length < Fsst.MaxSymbolBytes)
            {
                FsstSymbol second = SymbolOf((int)(_pairs[i] % Codes));
                uint length = Math.Min(Fsst.MaxSymbolBytes, first.Length + second.Length);
                Propose(first.Value | (second.Value << (int)(8 * first.Length)), length, count * length);
            }
        }

        for (int i = 0; i < _candidateCount; i++)
        {
            // Ascending by this is descending by what is covered, then by the slot, which the sample alone decides.
            _order[i] |= (ulong)(uint.MaxValue - _candidates[_order[i]].Covered) << 32;
        }

        new Span<ulong>(_order, _candidateCount).Sort();
        _matcher.Clear();
        _symbolCount = 0;
        for (int i = 0; i < _candidateCount && _symbolCount < Fsst.MaxSymbols; i++)
        {
            FsstSymbol symbol = _candidates[(uint)_order[i]];
            if (symbol.Length < 3 || _matcher.TryAddLong(symbol, _symbolCount))
            {
                _symbols[_symbolCount++] = symbol;
            }
        }

        _matcher.AddShort(_symbols, _symbolCount);
    }

    FsstSymbol SymbolOf(int code) =>
        code < FsstMatcher.Literal ? _symbols[code] : new FsstSymbol { Value = (ulong)(code & 0xFF), Length = 1 };

    void Propose(ulong value, uint length, uint covered)
    {
        uint slot = (uint)(((value ^ length) * 0x9E3779B97F4A7C15) >> (64 - CandidateBits));
        while (_candidates[slot].Length != 0 && (_candidates[slot].Value != value || _candidates[slot].Length != length))
        {
            slot = (slot + 1) & (CandidateSlots - 1);
        }

        if (_candidates[slot].Length == 0)
        {
            if (_candidateCount == MaxCandidates)
            {
                return;
            }

            _candidates[slot] = new FsstSymbol { Value = value, Length = length };
            _order[_candidateCount++] = slot;
        }

        _candidates[slot].Covered += covered;
    }
}
